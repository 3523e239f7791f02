// The queue's way to the server and to where files are posted.
import { ApiError, Unreachable, type Api } from "../api/client";
import type { Folder } from "../api/types";
import { SendProblem, type Permit, type Ports, type Task } from "../queue";
import { t } from "../texts";

/** Leave to send files into a dataset's folder, and the sending. */
export function transport(api: Api, dataset: string, folder: Folder): Pick<Ports, "ask" | "send"> {
  return {
    async ask(tasks, signal): Promise<Permit[]> {
      const files = tasks.map(({ name, size, type }) => ({ name, size, type }));
      try {
        const answer = await api.call("offerFiles", { path: { dataset }, body: { folder, files }, signal });
        const forms = new Map(answer.files.map((one) => [one.name, one]));
        return tasks.map(({ name }) => {
          const form = forms.get(name);
          return form?.fields
            ? { url: answer.url, fields: form.fields }
            : { refused: form?.refused?.say ?? t("shell.wrong") };
        });
      } catch (error) {
        throw ofApi(error);
      }
    },

    async send(permit, task, signal): Promise<void> {
      const file = await opened(task);
      const body = new FormData();
      for (const [name, value] of Object.entries(permit.fields)) body.append(name, value);
      body.append("file", file, task.name.slice(task.name.lastIndexOf("/") + 1)); // last, or what follows does not count
      const response = await post(permit.url, body, signal);
      if (!response.ok) throw ofStatus(response.status);
    },
  };
}

/** The file, if it can still be read: a request would not tell a moved file from a broken network. */
async function opened(task: Task): Promise<Blob> {
  try {
    const file = await task.open();
    await file.slice(0, 1).arrayBuffer();
    return file;
  } catch {
    throw new SendProblem("refused", t("drop.failed.unreadable"));
  }
}

async function post(url: string, body: FormData, signal: AbortSignal): Promise<Response> {
  try {
    return await fetch(url, { method: "POST", body, signal, credentials: "omit", cache: "no-store" });
  } catch {
    throw new SendProblem("network", t("drop.failed.network"));
  }
}

function ofStatus(status: number): SendProblem {
  if (status === 403) return new SendProblem("expired", t("drop.failed.refused"));
  if (status === 429 || status >= 500) return new SendProblem("busy", t("drop.failed.busy"));
  return new SendProblem("refused", status === 400 ? t("drop.failed.changed") : t("drop.failed.refused"));
}

function ofApi(error: unknown): SendProblem {
  if (error instanceof Unreachable) return new SendProblem("network", t("drop.failed.network"));
  if (!(error instanceof ApiError)) return new SendProblem("refused", t("shell.wrong"));
  const isLater = error.status === 429 || error.status >= 500;
  return new SendProblem(isLater ? "busy" : "refused", error.message || t("shell.wrong"));
}
