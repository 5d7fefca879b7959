/** Our icons: 20 × 20, drawn with a 1.6 stroke in the colour of the text beside them. */
import type { ReactNode } from "react";

interface IconProps {
  size?: number;
}

function Icon({ size = 20, shape }: IconProps & { shape: ReactNode }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {shape}
    </svg>
  );
}

function icon(shape: ReactNode) {
  return ({ size }: IconProps) => <Icon shape={shape} {...(size === undefined ? {} : { size })} />;
}

export const ComposeIcon = icon(
  <path d="M9 3.5H5A1.5 1.5 0 0 0 3.5 5v10A1.5 1.5 0 0 0 5 16.500h10a1.5 1.5 0 0 0 1.5-1.500v-4M8 12l.6-2.6 6.7-6.700a1.4 1.4 0 0 1 2 2l-6.7 6.700L8 12Z" />,
);
export const MenuIcon = icon(<path d="M3.5 6h13M3.5 10h13M3.5 14h8" />);
export const SidebarIcon = icon(
  <>
    <rect x="3" y="3.5" width="14" height="13" rx="2.5" />
    <path d="M8 3.500v13" />
  </>,
);
export const SearchIcon = icon(
  <>
    <circle cx="9" cy="9" r="5" />
    <path d="m13 13 3.5 3.5" />
  </>,
);
export const MoreIcon = icon(<path strokeWidth="2.4" d="M5 10h.01M10 10h.01M15 10h.01" />);
export const PencilIcon = icon(
  <path d="m4 16 .8-3.400L13.3 4a1.7 1.7 0 0 1 2.5 2.500L7.3 15.2 4 16Z" />,
);
export const TrashIcon = icon(
  <path d="M3.5 5.500h13M8 5.500V4a1 1 0 0 1 1-1h2a1 1 0 0 1 1 1v1.500M5 5.500l.7 10A1.5 1.5 0 0 0 7.2 17h5.600a1.5 1.5 0 0 0 1.5-1.500l.7-10M8.5 9v4.500M11.5 9v4.5" />,
);
export const PinIcon = icon(
  <path d="M7 3.500h6l-.6 5 2.600 2.500v1.500H5V11l2.600-2.500L7 3.500ZM10 12.500v4.500" />,
);
export const UnpinIcon = icon(
  <path d="M8.2 3.500H13l-.6 5 2.600 2.500v1.500h-2.500M7.4 7.600l.2.900L5 11v1.500h7.300M10 12.500v4.500M3.5 3.500l13 13" />,
);
export const KeyIcon = icon(
  <>
    <circle cx="7" cy="13" r="3.5" />
    <path d="m9.500 10.500 6.500-6.500M13 7l2.500 2.500" />
  </>,
);
export const ServerIcon = icon(
  <>
    <rect x="3" y="4" width="14" height="5" rx="1.5" />
    <rect x="3" y="11" width="14" height="5" rx="1.5" />
    <path d="M6 6.500h.01M6 13.500h.01" />
  </>,
);
export const PersonIcon = icon(
  <>
    <circle cx="10" cy="6.8" r="3.2" />
    <path d="M3.8 16.500a6.2 6.2 0 0 1 12.4 0" />
  </>,
);
export const PersonOffIcon = icon(
  <>
    <circle cx="10" cy="6.8" r="3.2" />
    <path d="M3.8 16.500a6.2 6.2 0 0 1 6.2-6M13 12.500l4 4M17 12.500l-4 4" />
  </>,
);
export const ShieldIcon = icon(
  <path d="M10 2.800 4 5v4.500c0 3.700 2.500 6.400 6 7.700 3.500-1.300 6-4 6-7.700V5l-6-2.200Z" />,
);
export const LinkIcon = icon(
  <path d="M8.500 11.500a3 3 0 0 0 4.300 0l2.800-2.800a3 3 0 0 0-4.300-4.300l-1 1M11.500 8.500a3 3 0 0 0-4.300 0l-2.800 2.800a3 3 0 0 0 4.300 4.300l1-1" />,
);
export const TuneIcon = icon(
  <>
    <path d="M3.5 6.500h6M14.500 6.500h2M3.5 13.500h2M10.500 13.500h6" />
    <circle cx="12" cy="6.5" r="2.2" />
    <circle cx="8" cy="13.5" r="2.2" />
  </>,
);
export const SettingsIcon = icon(
  <>
    <circle cx="10" cy="10" r="2.500" />
    <path d="M8.700 2.800h2.600l.4 1.900 1.500.9 1.900-.6 1.300 2.200-1.500 1.300v1.700l1.500 1.300-1.300 2.200-1.900-.6-1.500.9-.4 1.900H8.700l-.4-1.900-1.500-.9-1.900.6-1.300-2.200 1.500-1.300V8.500L3.600 7.200 4.900 5l1.900.6 1.500-.9.4-1.900Z" />
  </>,
);
export const BackIcon = icon(<path d="M16 10H4.500M9.500 5l-5 5 5 5" />);
export const PhoneIcon = icon(
  <>
    <rect x="6" y="2.5" width="8" height="15" rx="2" />
    <path d="M9 14.800h2" />
  </>,
);
export const CopyIcon = icon(
  <>
    <rect x="7" y="7" width="9.5" height="9.5" rx="2" />
    <path d="M13 7V5.500a2 2 0 0 0-2-2H5.500a2 2 0 0 0-2 2V11a2 2 0 0 0 2 2H7" />
  </>,
);
export const PaperclipIcon = icon(
  <path d="m15.8 9.600-5.700 5.700a3.7 3.7 0 0 1-5.300-5.300l6-6a2.500 2.500 0 0 1 3.500 3.500l-5.900 5.900a1.200 1.200 0 0 1-1.700-1.700l5.400-5.400" />,
);
export const CheckIcon = icon(<path d="m4.5 10.5 3.5 3.5 7.5-8" />);
export const SendIcon = icon(<path strokeWidth="2" d="M10 16V4.500M5 9.500l5-5 5 5" />);
export const StopIcon = icon(
  <rect x="5.5" y="5.5" width="9" height="9" rx="2" fill="currentColor" />,
);
export const ArrowDownIcon = icon(<path d="M10 4v11.500M5 10.500l5 5 5-5" />);
export const ChevronDownIcon = icon(<path d="m6 8 4 4 4-4" />);
export const ChevronRightIcon = icon(<path d="m8 6 4 4-4 4" />);
export const ChevronLeftIcon = icon(<path d="m12 6-4 4 4 4" />);
export const CloseIcon = icon(<path d="m5 5 10 10M15 5 5 15" />);
export const SunIcon = icon(
  <>
    <circle cx="10" cy="10" r="3.2" />
    <path d="M10 2.500v1.500M10 16v1.500M2.5 10H4M16 10h1.500M4.7 4.700l1 1M14.3 14.300l1 1M4.7 15.300l1-1M14.3 5.700l1-1" />
  </>,
);
export const MoonIcon = icon(<path d="M16 11.800A6.5 6.5 0 1 1 8.2 4a5.2 5.2 0 0 0 7.8 7.800Z" />);
export const SystemIcon = icon(
  <>
    <rect x="3" y="4" width="14" height="9.5" rx="2" />
    <path d="M7.5 16.500h5M10 13.500v3" />
  </>,
);
export const SignOutIcon = icon(
  <path d="M8 16.500H5A1.5 1.5 0 0 1 3.5 15V5A1.5 1.5 0 0 1 5 3.500h3M12.5 13.5 16 10l-3.5-3.500M16 10H8" />,
);
export const KeyboardIcon = icon(
  <>
    <rect x="2.5" y="5" width="15" height="10" rx="2" />
    <path d="M5.5 8.200h.01M8.5 8.200h.01M11.5 8.200h.01M14.5 8.200h.01M7 12h6" />
  </>,
);
export const AlertIcon = icon(
  <>
    <circle cx="10" cy="10" r="7" />
    <path d="M10 6.500v4M10 13.400h.01" />
  </>,
);
export const InfoIcon = icon(
  <>
    <circle cx="10" cy="10" r="7" />
    <path d="M10 9.500v4M10 6.600h.01" />
  </>,
);
export const DownloadIcon = icon(<path d="M10 3.500v9M6 9l4 4 4-4M4 16.500h12" />);
export const OfflineIcon = icon(
  <path d="M3 3l14 14M7.5 13a3.5 3.5 0 0 1 4.6-.4M4.8 10.300a7.3 7.3 0 0 1 3.4-1.900M12.3 8.600a7.3 7.3 0 0 1 2.9 1.700M2.5 7.300a11 11 0 0 1 3-1.900M9.3 4.700a11 11 0 0 1 8.2 2.600M10 16h.01" />,
);
export const RetryIcon = icon(
  <path d="M15.8 8A6.3 6.3 0 0 0 4.5 7M4 3.500V7h3.500M4.2 12a6.3 6.3 0 0 0 11.3 1M16 16.500V13h-3.5" />,
);
export const ImageIcon = icon(
  <>
    <rect x="3" y="4" width="14" height="12" rx="2" />
    <circle cx="7.3" cy="8.2" r="1.2" />
    <path d="m4 14.5 4-3.5 2.5 2 2.5-2.5 3.5 3" />
  </>,
);
export const EyeIcon = icon(
  <>
    <path d="M2.5 10S5.3 5 10 5s7.5 5 7.5 5-2.8 5-7.5 5-7.5-5-7.5-5Z" />
    <circle cx="10" cy="10" r="2.2" />
  </>,
);
export const EyeOffIcon = icon(
  <path d="M3.5 3.500l13 13M8.3 5.200A8 8 0 0 1 10 5c4.7 0 7.5 5 7.5 5a12 12 0 0 1-2 2.500M5.6 6.800A12.6 12.6 0 0 0 2.5 10s2.8 5 7.5 5a7.6 7.6 0 0 0 3.3-.7M8.5 8.500a2.2 2.2 0 0 0 3 3" />,
);
