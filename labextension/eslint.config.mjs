import jupyter from '@jupyter/eslint-plugin';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['lib/**', 'node_modules/**'] },
  ...tseslint.configs.recommended,
  ...[jupyter.configs.recommended].flat(),
  { plugins: { jupyter } },
  {
    rules: {
      // The parts are small, and needed as soon as a notebook is open.
      'jupyter/prefer-lazy-imports': 'off',
      // Parts without a translator of their own are handed one: their texts are literals where they are said.
      'jupyter/no-dynamic-translation': 'off',
      '@typescript-eslint/explicit-function-return-type': ['error', { allowExpressions: true }],
      '@typescript-eslint/no-non-null-assertion': 'off',
      'max-lines': ['error', 400],
      complexity: ['error', 10],
      curly: 'error',
      eqeqeq: 'error'
    }
  }
);
