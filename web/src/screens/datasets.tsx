import { useEffect, useState } from "preact/hooks";

import type { ScreenOf } from ".";
import { ApiError } from "../api/client";
import type { Dataset, Datasets, Run } from "../api/types";
import { go, hrefOf } from "../router";
import { api } from "../session";
import { ago, money, t } from "../texts";
import { Button, Dialog, Empty, Failed, Field, Link, Loading, Title } from "../ui";
import { usePoll } from "../ui/use-poll";
import "../styles/datasets.css";

const POLL_SECONDS = 15;

/** Screen 1: every dataset that the reader may see. */
export default function DatasetsScreen({ me }: ScreenOf<"datasets">) {
  const { answer, error, reload } = usePoll("listDatasets", {}, POLL_SECONDS);
  const [isMaking, setMaking] = useState(false);
  const make = me.may_create ? () => setMaking(true) : null;
  return (
    <>
      <Title text={t("datasets.title")}>
        {make && answer && answer.datasets.length > 0 && (
          <Button look="primary" onClick={make}>
            {t("datasets.new")}
          </Button>
        )}
      </Title>
      {error && <Failed error={error} again={reload} />}
      {answer ? <Cards first={answer} make={make} /> : !error && <Loading />}
      <NewDataset open={isMaking} longest={me.limits.name_characters} onClose={() => setMaking(false)} />
    </>
  );
}

/** The first page, which is asked for again and again, and those that the reader has asked for. */
function Cards({ first, make }: { first: Datasets; make: (() => void) | null }) {
  const [more, setMore] = useState<Dataset[]>([]);
  const [next, setNext] = useState(first.next);
  const [error, setError] = useState<Error | null>(null);
  useEffect(() => {
    if (!more.length) setNext(first.next);
  }, [first]);
  const showMore = () => {
    setError(null);
    api.call("listDatasets", { query: { after: next ?? "" } }).then((page) => {
      setMore((before) => [...before, ...page.datasets]);
      setNext(page.next);
    }, setError);
  };
  const seen = new Set(first.datasets.map(({ dataset }) => dataset));
  const all = [...first.datasets, ...more.filter(({ dataset }) => !seen.has(dataset))];
  if (!all.length)
    return (
      <Empty title={t("datasets.empty.title")} text={make ? t("datasets.empty.text") : t("datasets.empty.invited")}>
        {make && (
          <Button look="primary" onClick={make}>
            {t("datasets.new")}
          </Button>
        )}
      </Empty>
    );
  return (
    <>
      <ul class="datasets">
        {all.map((dataset) => (
          <DatasetCard key={dataset.dataset} dataset={dataset} />
        ))}
      </ul>
      {error && <Failed error={error} />}
      {next !== null && (
        <p class="datasets-more">
          <Button onClick={showMore}>{t("datasets.more")}</Button>
        </p>
      )}
    </>
  );
}

function DatasetCard({ dataset }: { dataset: Dataset }) {
  const { run } = dataset;
  const name = dataset.dataset;
  const mayDrop = dataset.rights.includes("drop");
  const runPage = run && hrefOf({ screen: "run", dataset: name, run: run.id });
  const main = mayDrop || !runPage ? hrefOf({ screen: "drop", dataset: name }) : runPage;
  const facts = [
    t(dataset.has_more ? "datasets.images_more" : "datasets.images", { n: dataset.images }),
    run ? told(run) : t("datasets.run.none"),
    dataset.cost !== null && t("datasets.cost", { cost: money(dataset.cost) }),
  ];
  return (
    <li class="dataset">
      <div class="dataset-cover">
        {dataset.cover ? <img src={dataset.cover} alt="" loading="lazy" decoding="async" /> : <Blank />}
      </div>
      <div class="dataset-text">
        <h2 dir="auto">
          <a class="dataset-main" href={main}>
            {dataset.title}
          </a>
        </h2>
        <p class={`chip chip-${dataset.state}`}>{t(`datasets.state.${dataset.state}`)}</p>
        <p class="soft">{facts.filter(Boolean).join(" · ")}</p>
        {run && (
          <p class="dataset-links">
            <Link href={runPage!}>{t("datasets.see_run")}</Link>
            {run.status === "succeeded" && dataset.rights.includes("take") && (
              <Link href={hrefOf({ screen: "result", dataset: name, run: run.id })}>{t("datasets.see_pictures")}</Link>
            )}
          </p>
        )}
      </div>
    </li>
  );
}

const told = (run: Run): string => t(`datasets.run.${run.status}`, { when: ago(run.ended ?? run.started) });

const Blank = () => (
  <svg viewBox="0 0 120 90" aria-hidden="true">
    <circle cx="82" cy="30" r="8" />
    <path d="M18 72l26-32 20 22 14-14 24 24z" />
  </svg>
);

function NewDataset({ open, longest, onClose }: { open: boolean; longest: number; onClose: () => void }) {
  const [title, setTitle] = useState("");
  const [problem, setProblem] = useState("");
  const [isBusy, setBusy] = useState(false);
  const create = async () => {
    const wanted = title.trim();
    if (!wanted) return setProblem(t("datasets.new.empty"));
    setBusy(true);
    try {
      const made = await api.call("createDataset", { body: { title: wanted } });
      go({ screen: "drop", dataset: made.dataset });
    } catch (error) {
      setProblem(error instanceof ApiError ? error.message : t("shell.unreachable"));
    }
    setBusy(false);
  };
  return (
    <Dialog title={t("datasets.new")} open={open} onClose={onClose}>
      <form
        class="new-dataset"
        onSubmit={(event) => {
          event.preventDefault();
          void create();
        }}
      >
        <Field
          label={t("datasets.new.name")}
          hint={t("datasets.new.hint")}
          {...(problem ? { problem } : {})}
          control={(ids) => (
            <input
              {...ids}
              autofocus
              dir="auto"
              autocomplete="off"
              maxLength={longest}
              value={title}
              onInput={(event) => setTitle(event.currentTarget.value)}
            />
          )}
        />
        <div class="buttons">
          <Button type="submit" look="primary" busy={isBusy}>
            {t("datasets.new.create")}
          </Button>
          <Button look="quiet" onClick={onClose}>
            {t("shell.cancel")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
