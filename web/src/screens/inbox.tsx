import type { ScreenOf } from ".";
import { Title } from "../ui";

export default function InboxScreen(_: ScreenOf<"inbox">) {
  return <Title text="Inbox" />;
}
