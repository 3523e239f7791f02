import type { ScreenOf } from ".";
import { Title } from "../ui";

export default function CompareScreen(_: ScreenOf<"compare">) {
  return <Title text="Compare" />;
}
