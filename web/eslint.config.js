import hooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["dist", "src/api/schema.d.ts"] },
  ...tseslint.configs.recommended,
  hooks.configs.flat["recommended-latest"],
  {
    rules: {
      "react-hooks/incompatible-library": "off",
      "no-restricted-properties": [
        "error",
        { property: "innerHTML", message: "Trusted Types: nothing here writes HTML." },
        { property: "outerHTML", message: "Trusted Types: nothing here writes HTML." },
      ],
    },
  },
);
