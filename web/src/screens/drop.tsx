import type { ScreenOf } from ".";
import { DropScreen } from "../drop/screen";

export default function Drop({ me, dataset }: ScreenOf<"drop">) {
  return <DropScreen me={me} name={dataset} folder="images" />;
}
