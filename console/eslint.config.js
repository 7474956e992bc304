import jsxA11y from 'eslint-plugin-jsx-a11y';
import hooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist', 'node_modules', 'src/api/schema.ts'] },
  ...tseslint.configs.recommended,
  jsxA11y.flatConfigs.recommended,
  hooks.configs.flat['recommended-latest'],
  {
    rules: {
      'max-lines': ['error', 400],
      'max-lines-per-function': ['error', { max: 140, skipBlankLines: true, skipComments: true }],
      'no-console': 'error',
      eqeqeq: 'error',
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      // What scrolls must be reachable by keyboard.
      'jsx-a11y/no-noninteractive-tabindex': ['error', { tags: ['pre'], roles: ['log'] }],
      // A field that a drawer opens on is what the user came for.
      'jsx-a11y/no-autofocus': 'off',
    },
  },
  // A list of labels is as long as there are labels.
  { files: ['src/locales/*.ts'], rules: { 'max-lines': ['error', 700] } },
);
