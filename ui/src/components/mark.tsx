/** The mark: a loquat with its leaf. The same drawing as public/icon.svg. */
export function Mark({ size = 28 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <path fill="#4f7a3a" d="M15.6 10.2C15.2 5.6 18.6 2.4 25 2.2c.3 5.4-3.1 8.4-9.4 8Z" />
      <path
        fill="none"
        stroke="#7a5a34"
        strokeWidth="1.8"
        strokeLinecap="round"
        d="M15.8 11.4C15.4 8.8 14 6.8 11.8 5.6"
      />
      <path
        fill="#ea8a2c"
        d="M16 10c6.8 0 11 4.4 11 10.200C27 26.2 22.4 30 16 30S5 26.2 5 20.200C5 14.4 9.2 10 16 10Z"
      />
      <path
        fill="#f6b266"
        d="M10.1 15.300c-1.7 1.5-2.5 3.5-2.4 5.6.1 1 1.5 1 1.6 0 .1-1.7.8-3.2 2-4.4.8-.8-.3-2-1.2-1.200Z"
      />
      <path
        fill="#8c4a10"
        opacity=".55"
        d="M16 27.900c-1.3 0-2-.6-2-1.300s.7-.9 2-.9 2 .2 2 .9-.7 1.3-2 1.300Z"
      />
    </svg>
  );
}
