/** What each limit is called, what it means, and in which unit it is given. */
import { t } from "@lingui/core/macro";
import type { Limits } from "../../../api/client";
import { sayBytes } from "../../../lib/size";

export type LimitName = keyof Limits;

export interface LimitWords {
  title: string;
  about: string;
  /** Bytes in one of what is typed, and its name; none where things are counted. */
  unit?: { bytes: number; name: string };
  /** The least, in that unit, where it is not one of them. */
  least?: number;
  /** The most that the server takes for a limit, in that unit. */
  most: number;
}

const kilobytes = { bytes: 1024, name: "KB" };
const megabytes = { bytes: 1024 ** 2, name: "MB" };

/** In the order in which they are shown. */
export function limitWords(): [LimitName, LimitWords][] {
  return [
    [
      "turns_per_minute",
      {
        title: t`Questions a minute`,
        about: t`How often one person may ask within a minute.`,
        most: 100_000,
      },
    ],
    [
      "live_answers_per_person",
      {
        title: t`Answers of one person at once`,
        about: t`How many of one person’s answers may be written or wait at the same time.`,
        most: 10_000,
      },
    ],
    [
      "live_answers",
      {
        title: t`Answers at once in all`,
        about: t`How many are written at the same time for everybody together. Further ones wait for their turn.`,
        most: 1_000_000,
      },
    ],
    [
      "waiting_answers",
      {
        title: t`Answers that wait`,
        about: t`How many may wait for their turn. Whoever comes after them is asked to try again.`,
        most: 1_000_000,
      },
    ],
    [
      "message_bytes",
      {
        title: t`Length of a message`,
        about: t`How much text one question may have.`,
        most: 1024 ** 2,
        unit: kilobytes,
      },
    ],
    [
      "sockets_per_person",
      {
        title: t`Live connections of one person`,
        about: t`How many pages and programs of one person hear at the same time what changes.`,
        most: 10_000,
      },
    ],
    [
      "storage_per_person",
      {
        title: t`Storage of one person`,
        about: t`How much text one person may keep: instructions, questions and answers.`,
        most: 1024 ** 3,
        unit: megabytes,
      },
    ],
    [
      "conversations_per_person",
      {
        title: t`Conversations of one person`,
        about: t`How many conversations one person may keep.`,
        most: 1_000_000,
      },
    ],
    [
      "messages_per_conversation",
      {
        title: t`Messages of one conversation`,
        about: t`How many questions and answers there may be, those of all versions together.`,
        most: 1_000_000,
        least: 2,
      },
    ],
  ];
}

/** How much it is, in words that stand in a sentence. */
export function sayLimit(value: number, isSize: boolean, locale: string): string {
  if (value === 0) return t`no limit`;
  return isSize ? sayBytes(value, locale) : new Intl.NumberFormat(locale).format(value);
}
