/** The first letter of a name, as a person would write it. */
export function initialOf(name: string): string {
  const first = [...name][0];
  return first === undefined ? "?" : first.toLocaleUpperCase();
}

export function Initial({ name }: { name: string }) {
  return (
    <span className="initial" aria-hidden="true">
      {initialOf(name)}
    </span>
  );
}
