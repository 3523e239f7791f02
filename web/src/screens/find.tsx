import type { ScreenOf } from ".";
import { DropScreen } from "../drop/screen";

export default function Find({ me, dataset }: ScreenOf<"find">) {
  return <DropScreen me={me} name={dataset} folder="find" />;
}
