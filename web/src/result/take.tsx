import type { Download, Pictures } from "../api/types";
import { bytes, t } from "../texts";
import { Card } from "../ui";
import { Icon } from "../ui/icons";

/** What can be kept: everything as a zip, the page as one file, the model with what may be done with it. */
export function Take({ answer }: { answer: Pictures }) {
  const { zip, page, model } = answer;
  if (!zip && !page && !model) return null;
  return (
    <Card title={t("result.take.title")} class="take">
      <ul>
        {zip && <Row download={zip} title={t("result.take.zip")} text={t("result.take.zip.text")} />}
        {page && <Row download={page} title={t("result.take.page")} text={t("result.take.page.text")} />}
        {model && (
          <Row
            download={model}
            title={t("result.take.model")}
            text={answer.model_licence || t("result.take.model.text")}
          />
        )}
      </ul>
    </Card>
  );
}

function Row({ download, title, text }: { download: Download; title: string; text: string }) {
  return (
    <li>
      <div>
        <h3>{title}</h3>
        <p class="soft">{text}</p>
      </div>
      <a class="button" href={download.url} download={download.name} rel="noopener noreferrer">
        <Icon name="download" />
        <span class="unseen">{title} </span>
        {bytes(download.bytes)}
      </a>
    </li>
  );
}
