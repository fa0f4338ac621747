import boundaries from 'eslint-plugin-boundaries';
import svelte from 'eslint-plugin-svelte';
import ts from 'typescript-eslint';
import { boundaryPolicies, fileCategories, roomElements } from './src/lib/server/boot/policies.ts';

/** Types and style are checked by tsc and prettier: lint keeps the house in order and finds what types miss. */
export default ts.config(
	{ ignores: ['node_modules', '**/build', '**/.svelte-kit', '.loam', 'src/lib/gen', '**/fixtures/**'] },
	...svelte.configs['flat/base'],
	{
		files: ['**/*.{js,mjs,ts,svelte}'],
		linterOptions: { reportUnusedDisableDirectives: 'error' },
		plugins: { '@typescript-eslint': ts.plugin },
		rules: {
			'no-console': 'error',
			'no-eval': 'error',
			'no-implied-eval': 'error',
			'no-new-func': 'error',
			eqeqeq: 'error',
			'prefer-const': 'error',
			'no-var': 'error',
			'max-depth': ['error', 5],
			'@typescript-eslint/no-explicit-any': 'error',
			'@typescript-eslint/consistent-type-imports': [
				'error',
				{ fixStyle: 'inline-type-imports', prefer: 'type-imports', disallowTypeAnnotations: false }
			],
			'@typescript-eslint/no-unused-vars': [
				'error',
				{ argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'none' }
			]
		}
	},
	{
		files: ['**/*.svelte'],
		languageOptions: { parserOptions: { parser: ts.parser } },
		rules: { 'svelte/no-at-html-tags': 'error', 'prefer-const': 'off' }
	},
	{
		files: ['**/*.{js,mjs,ts}'],
		languageOptions: { parser: ts.parser, ecmaVersion: 'latest', sourceType: 'module' }
	},
	{ files: ['tests/**'], rules: { 'no-console': 'off' } },
	{
		files: ['src/**/*.{ts,svelte}', 'sandbox/**/*.ts'],
		ignores: ['**/*.d.ts'],
		plugins: { boundaries },
		settings: {
			'boundaries/include': ['src/**/*', 'sandbox/**/*'],
			'boundaries/elements': roomElements,
			'boundaries/files': fileCategories,
			'import/resolver': { typescript: { project: './tsconfig.json' } }
		},
		rules: {
			'boundaries/no-unknown-files': 'error',
			'boundaries/no-unknown-dependencies': 'error',
			'boundaries/dependencies': ['error', boundaryPolicies]
		}
	},
	// Kit makes $app and $types at build time; no resolver finds them.
	{ files: ['src/routes/**', 'src/lib/client/**'], rules: { 'boundaries/no-unknown-dependencies': 'off' } }
);
