import type { ScreenOf } from ".";
import { Title } from "../ui";

export default function DatasetsScreen(_: ScreenOf<"datasets">) {
  return <Title text="Datasets" />;
}
