import { useEffect, useRef, useState } from "preact/hooks";
import type { JSX } from "preact";

type Props = { url: string; alt: string; onFail: () => void } & Pick<
  JSX.IntrinsicElements["img"],
  "class" | "width" | "height"
>;

/** A new address is asked for so many times; then the image is taken for lost. */
const TRIES = 2;

/** An image whose address changes and expires: what has been loaded stays, what fails is asked for again. */
export function Shot({ url, alt, onFail, ...rest }: Props) {
  const [src, setSrc] = useState(url);
  const isLoaded = useRef(false);
  const failures = useRef(0);
  useEffect(() => {
    if (!isLoaded.current) setSrc(url);
  }, [url]);
  return (
    <img
      src={src}
      alt={alt}
      loading="lazy"
      decoding="async"
      draggable={false}
      onLoad={() => (isLoaded.current = true)}
      onError={() => {
        isLoaded.current = false;
        if (src !== url) setSrc(url);
        else if ((failures.current += 1) <= TRIES) onFail();
      }}
      {...rest}
    />
  );
}
