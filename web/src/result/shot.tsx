import { useEffect, useRef, useState } from "preact/hooks";
import type { JSX } from "preact";

type Props = { url: string; alt: string; onFail: () => void } & Pick<JSX.IntrinsicElements["img"], "class" | "width" | "height">;

/** An image whose address changes and expires: what has been loaded stays, what fails is asked for again. */
export function Shot({ url, alt, onFail, ...rest }: Props) {
  const [src, setSrc] = useState(url);
  const isLoaded = useRef(false);
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
        if (src === url) onFail();
        else setSrc(url);
      }}
      {...rest}
    />
  );
}
