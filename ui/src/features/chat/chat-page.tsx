/** A conversation, or the place where one begins. */
import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { modelsQuery } from "../../api/models";
import { statusOf } from "../../api/problem";
import { useUser } from "../../api/session";
import { showToast } from "../../components/toast";
import { useOnline } from "../../lib/online";
import { Announcer } from "./announcer";
import { useFileDrop, useImagesTaken, useTake } from "./attaching";
import { useBranching } from "./branching";
import styles from "./chat.module.css";
import { Composer, submitComposer } from "./composer";
import { useConversation } from "./conversation";
import { ConversationMenu } from "./conversation-menu";
import { useCopyAnswer } from "./copy-answer";
import { DeleteDialog, type Doomed } from "./delete-dialog";
import { draftKey } from "./draft";
import { useDraft } from "./draft-box";
import { DropOverlay } from "./drop-overlay";
import { useOlderTexts } from "./findable";
import { useLiveAnswer } from "./follow";
import { useGoingOn } from "./going-on";
import { useHindrance } from "./hindrance";
import { useLeft } from "./left";
import { useNaming } from "./naming";
import { useSending } from "./send";
import { Elsewhere, NoModels, NotSentYet, Offline } from "./standing";
import { useStickToBottom } from "./stick-to-bottom";
import { useStopping } from "./stopping";
import { Thread } from "./thread";
import { useTray } from "./tray";
import { Gone, SendError, Unloaded } from "./trouble";
import { useVisibleHeight } from "./visible-height";
import { Welcome } from "./welcome";

const nothing: never[] = [];

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
  const pictures = useTray(key);
  const images = useImagesTaken(model);
  const take = useTake({ trayKey: key, imageless: images.imageless, append: draft.append });
  const dropping = useFileDrop(take) && images.offered && <DropOverlay />;
  const place = projectId ?? "new";
  const left = useLeft(place);
  const conversation = useConversation(projectId, left?.messageId ?? null, left?.named === true);
  const { project, loaded, messages, last, running, elsewhere } = conversation;
  const findable = useOlderTexts(projectId, messages ?? nothing, loaded.hasNextPage);
  const online = useOnline();
  const modelless = useQuery(modelsQuery).data?.length === 0;
  const [doomed, setDoomed] = useState<Doomed | null>(null);
  const page = useRef<HTMLDivElement>(null);
  useVisibleHeight(page);
  const live = useLiveAnswer(projectId ?? "", running);
  const stopping = useStopping(projectId, running?.id ?? null);
  const hindrance = useHindrance(running !== null, elsewhere !== null, modelless);
  const goingOn = useGoingOn({ projectId, last, model, hindrance });
  const stick = useStickToBottom(place, left, messages !== null);
  useNaming(projectId, messages);
  useCopyAnswer(messages, live);
  const { pending, error, send, takeBack, forgetError } = useSending({
    projectId,
    userId,
    model,
    draftKey: key,
    onAccepted: (id) => {
      if (id !== projectId) navigate(`/c/${id}`, { replace: true });
    },
    onRefused: draft.giveBack,
  });

  const branching = useBranching({
    projectId,
    userId,
    model,
    images,
    hindrance,
    hold: stick.hold,
    onDeleted: () => showToast(t`Deleted`, undefined, 2500),
  });

  const runningId = running?.id ?? null;
  useEffect(() => {
    // It is over with that answer.
    if (runningId === null) forgetError("answer_running");
  }, [runningId, forgetError]);

  const { toBottom } = stick;
  useLayoutEffect(() => {
    if (pending !== null) toBottom();
  }, [pending, toBottom]);

  const name = projectId ? (project.data?.name ?? "") : "";
  useEffect(() => {
    document.title = name ? `${name} · Loquat` : "Loquat";
  }, [name]);

  const bring = useCallback(
    (messageId: string) => navigate({ hash: `message-${messageId}` }, { replace: true }),
    [navigate],
  );

  const composer = (
    <>
      {!online && pending === null && running === null && <Offline />}
      {modelless && <NoModels admin={user?.role === "admin"} />}
      {elsewhere && last && (
        <Elsewhere key={elsewhere} onShow={() => branching.reveal(elsewhere)} />
      )}
      {Boolean(error) && <SendError error={error} onRetry={submitComposer} />}
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
        sending={pending !== null || goingOn?.busy === true || modelless}
        modelPicker={modelPicker}
        pictures={pictures}
        images={images}
        onFiles={take}
      />
      {dropping}
    </>
  );

  if (!projectId && pending === null) {
    return (
      <div ref={page} className={styles.page}>
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
    <div ref={page} className={styles.page}>
      <header className={styles.header}>
        {leading}
        <h1 dir="auto" title={name}>
          {name || <span className="visually-hidden">{t`New chat`}</span>}
        </h1>
        {projectId && messages && (
          <ConversationMenu
            projectId={projectId}
            name={name}
            loaded={loaded.hasNextPage || running ? null : messages}
          />
        )}
        {trailing}
      </header>
      {messages || pending !== null ? (
        <Thread
          messages={messages ?? []}
          live={live}
          goingOn={pending === null ? goingOn : null}
          branching={branching}
          onDelete={setDoomed}
          pending={pending}
          expected={online ? null : <NotSentYet onTakeBack={takeBack} />}
          older={{
            has: loaded.hasNextPage,
            busy: loaded.isFetchingNextPage,
            failed: loaded.isFetchNextPageError,
            load: () => void loaded.fetchNextPage(),
          }}
          findable={findable}
          onFound={bring}
          stick={stick}
          left={left}
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
      <DeleteDialog
        message={doomed?.message ?? null}
        following={messages && doomed ? messages.length - 1 - messages.indexOf(doomed.message) : 0}
        onConfirm={() => {
          if (doomed) branching.remove(doomed.message, doomed.row);
          setDoomed(null);
        }}
        onClose={() => setDoomed(null)}
      />
      <Announcer live={live} last={last} />
    </div>
  );
}
