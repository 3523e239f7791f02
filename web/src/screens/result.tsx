import type { ScreenOf } from ".";
import { Title } from "../ui";

export default function ResultScreen(_: ScreenOf<"result">) {
  return <Title text="Result" />;
}
