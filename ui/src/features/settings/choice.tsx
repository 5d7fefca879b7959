/** One of a few, side by side. */
import type { ReactNode } from "react";
import styles from "./settings.module.css";

interface ChoiceProps<T extends string> {
  name: string;
  legend: ReactNode;
  value: T;
  onChoose: (value: T) => void;
  options: [value: T, label: ReactNode, icon?: ReactNode][];
}

export function Choice<T extends string>({
  name,
  legend,
  value,
  onChoose,
  options,
}: ChoiceProps<T>) {
  return (
    <fieldset className={styles.choice}>
      <legend>{legend}</legend>
      <div className={styles.options}>
        {options.map(([option, label, icon]) => (
          <label key={option}>
            <input
              type="radio"
              name={name}
              value={option}
              checked={value === option}
              onChange={() => onChoose(option)}
            />
            {icon}
            {label}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
