/** A conversation, or the place where one begins. */
import { Trans, useLingui } from "@lingui/react/macro";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect, useLayoutEffect, useMemo } from "react";
import { useNavigate } from "react-router";
import { inReadingOrder, messagesQuery } from "../../api/messages";
import { statusOf } from "../../api/problem";
import { projectQuery } from "../../api/projects";
import { useUser } from "../../api/session";
import { showToast } from "../../components/toast";
import { copyText } from "../../lib/clipboard";
import { useShortcut } from "../../lib/shortcuts";
import { Announcer } from "./announcer";
import styles from "./chat.module.css";
import { Composer } from "./composer";
import { draftKey, useDraft } from "./draft";
import { useLiveAnswer } from "./follow";
import { useGoingOn } from "./going-on";
import { useNaming } from "./naming";
import { useSending } from "./send";
import { useStickToBottom } from "./stick-to-bottom";
import { useStopping } from "./stopping";
import { Thread } from "./thread";
import { Gone, SendError, Unloaded } from "./trouble";
import { Welcome } from "./welcome";

interface ChatPageProps {
  /** `null`: the first message makes the conversation. */
  projectId: string | null;
  model: string | null;
  modelPicker: ReactNode;
  leading: ReactNode;
  trailing: ReactNode;
}

export function ChatPage({ projectId, model, modelPicker, leading, trailing }: ChatPageProps) {
  const { t } = useLingui();
  const navigate = useNavigate();
  const user = useUser();
  const userId = user?.id ?? "";
  const key = draftKey(userId, projectId);
  const draft = useDraft(key);
  const project = useQuery({ ...projectQuery(projectId ?? ""), enabled: projectId !== null });
  const loaded = useInfiniteQuery({
    ...messagesQuery(projectId ?? ""),
    enabled: projectId !== null,
  });
  const messages = useMemo(() => (loaded.data ? inReadingOrder(loaded.data) : null), [loaded.data]);
  const last = messages?.at(-1);
  const running = last?.status === "running" ? last : null;
  const live = useLiveAnswer(projectId ?? "", running);
  const stopping = useStopping(projectId, running?.id ?? null);
  const goingOn = useGoingOn({ projectId, last, model });
  const stick = useStickToBottom(projectId ?? "new", messages !== null);
  useNaming(projectId, messages);
  const { pending, error, send, forgetError } = useSending({
    projectId,
    userId,
    model,
    draftKey: key,
    onAccepted: (id) => {
      if (id !== projectId) navigate(`/c/${id}`, { replace: true });
    },
    onRefused: draft.giveBack,
  });

  const runningId = running?.id ?? null;
  useEffect(() => {
    // "An answer is still being written" is over with that answer.
    if (runningId === null) forgetError();
  }, [runningId, forgetError]);

  const { toBottom } = stick;
  useLayoutEffect(() => {
    if (pending !== null) toBottom();
  }, [pending, toBottom]);

  const name = projectId ? (project.data?.name ?? "") : "";
  useEffect(() => {
    document.title = name ? `${name} · Loquat` : "Loquat";
  }, [name]);

  useShortcut("copy_answer", async () => {
    const answer = messages?.findLast(({ role }) => role === "assistant");
    const words = answer && (live?.answer.get().shown.content || answer.content);
    if (words && (await copyText(words))) showToast(t`Answer copied`, undefined, 2500);
  });

  const composer = (
    <>
      {Boolean(error) && <SendError error={error} onRetry={() => void send(draft.handOver())} />}
      <Composer
        text={draft.text}
        onText={(text) => {
          draft.write(text);
          forgetError();
        }}
        onSend={() => void send(draft.handOver())}
        onStop={stopping.stop}
        running={running !== null}
        stopping={stopping.busy}
        sending={pending !== null || goingOn?.busy === true}
        modelPicker={modelPicker}
      />
    </>
  );

  if (!projectId && pending === null) {
    return (
      <div className={styles.page}>
        <header className={styles.header}>{leading}</header>
        <Welcome
          name={user?.name?.split(/\s/)[0] ?? null}
          onSuggest={(suggestion) => {
            draft.write(suggestion);
            document.getElementById("composer")?.focus();
          }}
        >
          {composer}
        </Welcome>
      </div>
    );
  }
  if (project.isError && statusOf(project.error) === 404) {
    return <Gone leading={leading} error={project.error} />;
  }
  return (
    <div className={styles.page}>
      <header className={styles.header}>
        {leading}
        <h1 dir="auto" title={name}>
          {name || <span className="visually-hidden">{t`New chat`}</span>}
        </h1>
        {trailing}
      </header>
      {messages || pending !== null ? (
        <Thread
          messages={messages ?? []}
          live={live}
          goingOn={pending === null ? goingOn : null}
          pending={pending}
          older={{
            has: loaded.hasNextPage,
            busy: loaded.isFetchingNextPage,
            load: () => void loaded.fetchNextPage(),
          }}
          stick={stick}
        />
      ) : (
        <Unloaded error={loaded.error} onRetry={() => void loaded.refetch()} />
      )}
      <div className={styles.foot}>
        {composer}
        <p className={styles.caution}>
          <Trans>Models make mistakes. Check what matters.</Trans>
        </p>
      </div>
      <Announcer live={live} last={last} />
    </div>
  );
}
