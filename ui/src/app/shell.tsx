/** The frame around every conversation: the sidebar beside it, or in a drawer on small screens. */
import { Trans, useLingui } from "@lingui/react/macro";
import { type ReactNode, useState } from "react";
import { Outlet, useNavigate, useOutletContext } from "react-router";
import { IconButton } from "../components/button";
import { Dialog } from "../components/dialog";
import { CloseIcon, ComposeIcon, MenuIcon, SidebarIcon } from "../components/icons";
import { AccountMenu } from "../features/settings/account-menu";
import { Sidebar } from "../features/sidebar/sidebar";
import { useMedia, wideScreen } from "../lib/media";
import { useShortcut } from "../lib/shortcuts";
import { load, save } from "../lib/storage";
import { KeyboardHelp } from "./keyboard-help";
import styles from "./shell.module.css";

interface Frame {
  /** Buttons for the start and the end of the header, when no sidebar shows them. */
  leading: ReactNode;
  trailing: ReactNode;
}

export function useFrame(): Frame {
  return useOutletContext<Frame>();
}

export function Shell() {
  const { t } = useLingui();
  const navigate = useNavigate();
  const wide = useMedia(wideScreen);
  const [beside, setBeside] = useState(load("sidebar") !== "closed");
  const [drawer, setDrawer] = useState(false);
  const [help, setHelp] = useState(false);

  function toggle() {
    if (!wide) return setDrawer(!drawer);
    save("sidebar", beside ? "closed" : null);
    setBeside(!beside);
  }

  useShortcut("toggle_sidebar", toggle);
  useShortcut("help", () => setHelp(true));
  useShortcut("new_chat", () => navigate("/"));

  const account = <AccountMenu onHelp={() => setHelp(true)} />;
  const shown = wide && beside;
  const frame: Frame = {
    leading: shown ? null : (
      <IconButton label={t`Show conversations`} onClick={toggle}>
        {wide ? <SidebarIcon /> : <MenuIcon />}
      </IconButton>
    ),
    trailing: shown ? null : (
      <IconButton label={t`New chat`} onClick={() => navigate("/")}>
        <ComposeIcon />
      </IconButton>
    ),
  };
  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#composer">
        <Trans>Skip to the message box</Trans>
      </a>
      {shown && (
        <aside className={styles.aside}>
          <Sidebar
            closer={
              <IconButton label={t`Hide conversations`} onClick={toggle}>
                <SidebarIcon />
              </IconButton>
            }
            foot={account}
            onLeave={() => {}}
          />
        </aside>
      )}
      <Dialog
        kind="drawer"
        title={t`Conversations`}
        open={drawer && !wide}
        onClose={() => setDrawer(false)}
      >
        <Sidebar
          closer={
            <IconButton label={t`Close`} onClick={() => setDrawer(false)}>
              <CloseIcon />
            </IconButton>
          }
          foot={account}
          onLeave={() => setDrawer(false)}
        />
      </Dialog>
      <main className={styles.main}>
        <Outlet context={frame} />
      </main>
      <KeyboardHelp open={help} onClose={() => setHelp(false)} />
    </div>
  );
}
