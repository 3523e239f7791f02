import type { ScreenOf } from ".";
import { Title } from "../ui";

export default function RunScreen(_: ScreenOf<"run">) {
  return <Title text="Run" />;
}
