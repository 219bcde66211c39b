import js from '@eslint/js'
import hooks from 'eslint-plugin-react-hooks'
import tseslint from 'typescript-eslint'

const restricted = {
  environment: {
    selector: "MemberExpression[object.name='process'][property.name='env']",
    message: 'Only src/config reads the environment; settings arrive as arguments.',
  },
  now: {
    selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']",
    message: 'Take the time from the Clock, so that tests can turn it.',
  },
  newDate: {
    selector: "NewExpression[callee.name='Date'][arguments.length=0]",
    message: 'Take the time from the Clock, so that tests can turn it.',
  },
}
const noRestrictedSyntax = (...rules) => ['error', ...rules]

export default tseslint.config(
  { ignores: ['dist', 'coverage', 'data', 'node_modules', '**/cdk.out'] },
  js.configs.recommended,
  {
    files: ['**/*.{ts,tsx}'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      // vitest reads from the pattern which fixtures a test or another fixture wants: none, too.
      'no-empty-pattern': ['error', { allowObjectPatternsAsParameters: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      'no-restricted-syntax': noRestrictedSyntax(restricted.environment, restricted.now, restricted.newDate),
      'no-console': 'error',
    },
  },
  {
    files: ['src/kernel/clock.ts'],
    rules: { 'no-restricted-syntax': noRestrictedSyntax(restricted.environment) },
  },
  {
    // The wiring hands process.env to loadConfig; nothing else there may look at it.
    files: ['src/cli/**/*.ts', 'src/config/**/*.ts'],
    rules: { 'no-restricted-syntax': noRestrictedSyntax(restricted.now, restricted.newDate) },
  },
  {
    files: ['src/**/*.ts', 'web/**/*.{ts,tsx}', 'bench/**/*.ts', 'infra/**/*.ts', 'scripts/**/*.js'],
    ignores: ['**/*.test.ts'],
    rules: {
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      'max-lines': ['error', { max: 250 }],
    },
  },
  {
    // A catalogue is one file for each language, however many words the page has.
    files: ['web/src/messages/??.ts'],
    rules: { 'max-lines': 'off' },
  },
  {
    files: ['web/**/*.{ts,tsx}'],
    ...hooks.configs.flat['recommended-latest'],
  },
  {
    files: ['**/*.js', '**/*.cjs'],
    languageOptions: {
      globals: { process: 'readonly', console: 'readonly', module: 'writable', URL: 'readonly' },
    },
  },
)
