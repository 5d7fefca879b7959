/** Brings together what a conversation needs from several features. */
import { useQuery } from "@tanstack/react-query";
import { useParams } from "react-router";
import { projectQuery } from "../api/projects";
import { ChatPage } from "../features/chat/chat-page";
import { useModelChoice } from "../features/models/model-choice";
import { ModelPicker } from "../features/models/model-picker";
import { useFrame } from "./shell";

export function ChatRoute() {
  const { projectId } = useParams();
  return <Chat key={projectId ?? "new"} projectId={projectId ?? null} />;
}

function Chat({ projectId }: { projectId: string | null }) {
  const { leading, trailing } = useFrame();
  const project = useQuery({ ...projectQuery(projectId ?? ""), enabled: projectId !== null });
  const [model, chooseModel] = useModelChoice(project.data?.model ?? null);
  return (
    <ChatPage
      projectId={projectId}
      model={model}
      modelPicker={<ModelPicker value={model} onChoose={chooseModel} />}
      leading={leading}
      trailing={trailing}
    />
  );
}
