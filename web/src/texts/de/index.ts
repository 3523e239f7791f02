import catalogue from "../../../../layers/workshop/contract/reasons/de.json";
import { asReasons } from "../reasons";
import compare from "./compare.json";
import datasets from "./datasets.json";
import drop from "./drop.json";
import inbox from "./inbox.json";
import reasons from "./reasons.json";
import result from "./result.json";
import run from "./run.json";
import runs from "./runs.json";
import shell from "./shell.json";

export default {
  ...asReasons(catalogue),
  ...reasons,
  ...shell,
  ...datasets,
  ...drop,
  ...runs,
  ...run,
  ...result,
  ...compare,
  ...inbox,
};
