/** Today, also after a midnight through which the page stood still. */
import { useEffect, useState } from "react";

const dayOf = (time: Date) => new Date(time.getFullYear(), time.getMonth(), time.getDate());

/** The beginning of today: the same object for the whole day. */
export function useToday(): Date {
  const [today, setToday] = useState(() => dayOf(new Date()));
  useEffect(() => {
    const look = () => {
      const now = dayOf(new Date());
      if (now.getTime() !== today.getTime()) setToday(now);
    };
    const midnight = new Date(today.getFullYear(), today.getMonth(), today.getDate() + 1);
    const timer = setTimeout(look, midnight.getTime() - Date.now());
    // A machine that slept through midnight counts the time from where it fell asleep.
    document.addEventListener("visibilitychange", look);
    addEventListener("focus", look);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", look);
      removeEventListener("focus", look);
    };
  }, [today]);
  return today;
}
