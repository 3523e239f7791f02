import { useState } from "preact/hooks";

import type { ScreenOf } from ".";
import type { Mail } from "../api/types";
import { piecesOf } from "../inbox/links";
import { ago, moment, t } from "../texts";
import { Empty, Failed, Loading, Title } from "../ui";
import { usePoll } from "../ui/use-poll";
import "../styles/inbox.css";

const POLL_SECONDS = 10;

export default function InboxScreen(_: ScreenOf<"inbox">) {
  const { answer, error, reload } = usePoll("getInbox", {}, POLL_SECONDS);
  const mails = answer?.mails && [...answer.mails].sort((one, other) => other.sent - one.sent);
  return (
    <>
      <Title text={t("inbox.title")} />
      {error && <Failed error={error} again={reload} />}
      {!answer && !error && <Loading />}
      {answer && mails === null && <Empty title={t("inbox.elsewhere.title")} text={t("inbox.elsewhere.text")} />}
      {mails?.length === 0 && <Empty title={t("inbox.none.title")} text={t("inbox.none.text")} />}
      {!!mails?.length && (
        <>
          <p class="soft inbox-hint">{t("inbox.hint")}</p>
          <ul class="inbox">
            {mails.map((mail, place) => (
              <li key={mails.length - place}>
                <MailView mail={mail} isOpen={place === 0} />
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

function MailView({ mail, isOpen }: { mail: Mail; isOpen: boolean }) {
  // As it was at first: a mail that comes meanwhile closes none that is being read.
  const [isOpenAtFirst] = useState(isOpen);
  return (
    <details class="mail" open={isOpenAtFirst}>
      <summary>
        <span class="mail-subject" dir="auto">
          {mail.subject}
        </span>
        <span class="mail-when" title={moment(mail.sent)}>
          {ago(mail.sent)}
        </span>
      </summary>
      <div class="mail-body" dir="auto">
        {piecesOf(mail.body, location.origin).map(({ text, href, isOwn }, place) =>
          href === undefined ? (
            text
          ) : (
            <a key={place} href={href} {...(isOwn ? {} : { target: "_blank", rel: "noopener noreferrer" })}>
              {text}
            </a>
          ),
        )}
      </div>
    </details>
  );
}
