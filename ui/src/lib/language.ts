/** The page's language: English at hand, others loaded when they are wanted. */
import { i18n } from "@lingui/core";
import { messages as english } from "../locales/en.po";
import { load, save } from "./storage";

export const languages = { en: "English", de: "Deutsch" } as const;
export type Language = keyof typeof languages;

export function preferredLanguage(): Language {
  const wanted = [load("language"), ...navigator.languages.map((tag) => tag.slice(0, 2))];
  return wanted.find((tag): tag is Language => tag !== null && tag in languages) ?? "en";
}

export async function speak(language: Language): Promise<void> {
  const messages = language === "de" ? (await import("../locales/de.po")).messages : english;
  // Dates and numbers as they are written where the reader is: 14:05 in Britain, 2:05 PM in America.
  const regional = navigator.languages.filter((tag) => tag.startsWith(`${language}-`));
  i18n.loadAndActivate({ locale: language, locales: [...regional, language], messages });
  document.documentElement.lang = language;
}

export async function chooseLanguage(language: Language): Promise<void> {
  save("language", language);
  await speak(language);
}
