/** Lets what is in a message open and close without moving on screen. */
import { createContext } from "react";
import type { StickToBottom } from "./stick-to-bottom";

export const HoldContext = createContext<StickToBottom["hold"]>(() => () => {});
