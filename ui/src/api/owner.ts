/** Whose page this is; "" while it is nobody's. What is kept in a module goes when that changes. */
import { createStore } from "../lib/store";

export const owner = createStore("");
