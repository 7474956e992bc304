import type { Plugin } from 'vite';

/** A part of the design that no page of ours shows, and what stands in its place. */
interface Cut {
  file: RegExp;
  what: RegExp;
  instead: string;
}

/** What weighs much and is never used: each with the file that would load it. */
const CUTS: readonly Cut[] = [
  // The steps and pictures of an empty list.
  { file: /@oceanbase\/design\/es\/empty\/index\.js$/, what: /import \{ Empty as AntEmpty, Steps \} from 'antd';/, instead: "import { Empty as AntEmpty } from 'antd'; const Steps = 'ol';" },
  { file: /@oceanbase\/design\/es\/empty\/index\.js$/, what: /import (\w+) from "\.\/(?:colored|database|guide)";/g, instead: 'const $1 = () => null;' },
  // The card around a table with an outer border.
  { file: /@oceanbase\/design\/es\/table\/index\.js$/, what: /import Card from "\.\.\/card";/, instead: "const Card = 'section';" },
  // Filters of a column as a tree.
  { file: /antd\/es\/table\/hooks\/useFilter\/FilterDropdown\.js$/, what: /import Tree from '\.\.\/\.\.\/\.\.\/tree';/, instead: 'const Tree = () => null;' },
  // The menu beside the tick that chooses all rows, and the filters of columns until a table has some.
  { file: /antd\/es\/table\/hooks\/useSelection\.js$/, what: /import Dropdown from '\.\.\/\.\.\/dropdown';/, instead: 'const Dropdown = ({ children }) => children;' },
  { file: /antd\/es\/table\/hooks\/useFilter\/index\.js$/, what: /import FilterDropdown, \{ flattenKeys \} from '\.\/FilterDropdown';/, instead: "const flattenKeys = (filters) => (filters ?? []).flatMap(({ value, children }) => [value, ...flattenKeys(children)]); const LaterDropdown = React.lazy(() => import('./FilterDropdown')); const FilterDropdown = (props) => React.createElement(React.Suspense, { fallback: props.children }, React.createElement(LaterDropdown, props));" },
  // The search in a column's filter.
  { file: /antd\/es\/table\/hooks\/useFilter\/FilterSearch\.js$/, what: /import Input from '\.\.\/\.\.\/\.\.\/input\/Input';/, instead: 'const Input = () => null;' },
  // Texts that turn into a field when they are pressed.
  { file: /antd\/es\/typography\/Base\/index\.js$/, what: /import Editable from '\.\.\/Editable';/, instead: 'const Editable = () => null;' },
  // Of forms, everything that fields can be inside of takes one context.
  { file: /antd\/es\/form\/context\.js$/, what: /from 'rc-field-form';/, instead: "from 'rc-field-form/es/FormContext';" },
  // Of forms, a group of radio buttons takes one line.
  { file: /antd\/es\/radio\/group\.js$/, what: /import \{ toNamePathStr \} from '\.\.\/form\/hooks\/useForm';/, instead: "const toNamePathStr = (name) => [name ?? []].flat().join('_');" },
  // A cut text shows the rest on hover, as the browser does it.
  { file: /@oceanbase\/design\/es\/table\/index\.js$/, what: /import Typography from "\.\.\/typography";/, instead: 'const Typography = { Text: ({ children }) => React.createElement("span", { onMouseEnter: ({ currentTarget }) => { currentTarget.title = currentTarget.textContent ?? ""; } }, children) };' },
  // A list of causes in a notice.
  { file: /@oceanbase\/design\/es\/notification\/NotificationContent\.js$/, what: /import ErrorDetails from "\.\/ErrorDetails";/, instead: 'const ErrorDetails = () => null;' },
  // How many rows a page of a list has: the field comes when a list is long enough to ask.
  { file: /antd\/es\/pagination\/Pagination\.js$/, what: /import Select from '\.\.\/select';/, instead: "const LaterSelect = React.lazy(() => import('../select')); const Select = (props) => React.createElement(React.Suspense, null, React.createElement(LaterSelect, props));" },
];

const NAMED = /import \{([^}]*)\} from ['"]lodash['"];?/g;

/** Keeps what the pages never show out of the console. A cut that no longer fits the design fails the build. */
export function lighter(): Plugin {
  const missed = new Set(CUTS);
  return {
    name: 'lifeboat-lighter',
    apply: 'build',
    transform(code, id) {
      if (!id.includes('node_modules')) return undefined;
      let smaller = code;
      for (const cut of CUTS) {
        if (!cut.file.test(id)) continue;
        const without = smaller.replace(cut.what, cut.instead);
        if (without !== smaller) missed.delete(cut);
        smaller = without;
      }
      // Of lodash only the functions that are used: the whole is 25 kB compressed.
      smaller = smaller.replace(NAMED, (_, names: string) =>
        names
          .split(',')
          .map((name) => name.trim().split(' as '))
          .map(([name, local]) => `import ${local ?? name} from 'lodash/${name}';`)
          .join(''),
      );
      return smaller === code ? undefined : { code: smaller, map: null };
    },
    buildEnd(error) {
      if (!error && missed.size > 0) {
        throw new Error(`the design has changed; see console/lighter.ts: ${[...missed].map(({ file }) => file.source).join(' ')}`);
      }
    },
  };
}
