import "./seal.css";

/** Pressed wax: a rim that ran unevenly, a ring, the letter. */
const RIM =
  "M32 2.5c5 0 7 2.4 11.2 3.9 4.3 1.5 8.3 2.6 11 6.3 2.5 3.5 2 7.4 3.6 11.5 1.5 4 4 6.6 3.6 11.2-.4 4.4-3.6 6.5-5.6 10.3-2.1 4-2.6 8-6.2 10.5-3.7 2.6-7.6 2-11.9 3.4-3.2 1-4.7 2.4-8 2.1-4.3-.4-6.4-2.9-10.4-4.3-4.2-1.5-8.5-1.7-11.2-5.3-2.6-3.4-2-7.4-3.6-11.400C3 36.6.8 34 1.4 29.6c.5-4.3 3.5-6.2 5.3-10.1 1.9-4 2-8.2 5.6-10.9 3.5-2.6 7.5-2.2 11.7-3.7 3-1 4.9-2.4 8-2.400z";

/** Drawn as two halves, so that it can break along the ragged line that seal.css cuts. */
export function Seal({ letter }: { letter: string }) {
  return (
    <svg className="seal" viewBox="0 0 64 64" width="64" height="64" aria-hidden="true">
      <g className="seal-half seal-left">
        <Wax letter={letter} />
      </g>
      <g className="seal-half seal-right">
        <Wax letter={letter} />
      </g>
    </svg>
  );
}

function Wax({ letter }: { letter: string }) {
  return (
    <>
      <path className="seal-rim" d={RIM} />
      <circle className="seal-ring" cx="32" cy="32" r="20.5" />
      <text className="seal-letter" x="32" y="33" textAnchor="middle" dominantBaseline="central">
        {letter}
      </text>
    </>
  );
}
