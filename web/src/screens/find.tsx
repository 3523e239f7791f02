import type { ScreenOf } from ".";
import { Title } from "../ui";

export default function FindScreen(_: ScreenOf<"find">) {
  return <Title text="Find" />;
}
