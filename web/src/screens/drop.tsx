import type { ScreenOf } from ".";
import { Title } from "../ui";

export default function DropScreen(_: ScreenOf<"drop">) {
  return <Title text="Drop" />;
}
