/** Brings together what a conversation needs from several features. */
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { useLocation, useParams } from "react-router";
import { recallNewChat } from "../api/new-chat";
import { projectQuery } from "../api/projects";
import { useUser } from "../api/session";
import { ChatPage } from "../features/chat/chat-page";
import { SettingsButton } from "../features/conversation/settings-button";
import { useModelChoice } from "../features/models/model-choice";
import { ModelPicker } from "../features/models/model-picker";
import { entryBeneath } from "../lib/history-entry";
import styles from "./chat-route.module.css";
import { useFrame } from "./shell";

export function ChatRoute() {
  const { projectId } = useParams();
  // Another message of the same conversation is gone to as another conversation is, and the same one as often as asked.
  const location = useLocation();
  const { hash } = location;
  const message = hash.startsWith("#message-") ? hash + entryBeneath(location) : "";
  return <Chat key={`${projectId ?? "new"}${message}`} projectId={projectId ?? null} />;
}

function Chat({ projectId }: { projectId: string | null }) {
  const { leading, trailing } = useFrame();
  const userId = useUser()?.id ?? "";
  const project = useQuery({ ...projectQuery(projectId ?? ""), enabled: projectId !== null });
  const [model, chooseModel] = useModelChoice(project.data?.model ?? null);

  useEffect(() => recallNewChat(userId), [userId]);

  const settings = (
    <SettingsButton
      project={projectId ? project.data : null}
      model={model}
      onModel={chooseModel}
      modelPicker={(value, onChoose) => <ModelPicker framed value={value} onChoose={onChoose} />}
    />
  );
  return (
    <ChatPage
      projectId={projectId}
      model={model}
      modelPicker={<ModelPicker value={model} onChoose={chooseModel} />}
      // Before it has begun, a conversation has no end of the header to put them.
      leading={
        projectId ? (
          leading
        ) : (
          <>
            {leading}
            <div className={styles.corner}>{settings}</div>
          </>
        )
      }
      trailing={
        projectId && (
          <>
            {trailing}
            {settings}
          </>
        )
      }
    />
  );
}
