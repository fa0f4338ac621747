/** Circles only: the arrows between rooms are eslint's (see src/lib/server/boot/policies.ts). */
module.exports = {
	forbidden: [
		{
			name: 'no-folder-circle',
			severity: 'error',
			scope: 'folder',
			from: { path: '^src/lib/.+/.+' },
			to: { circular: true }
		}
	],
	options: {
		doNotFollow: { path: 'node_modules' },
		exclude: { path: '(^src/lib/gen|\\.test\\.ts$|^src/routes)' },
		tsPreCompilationDeps: true,
		tsConfig: { fileName: 'tsconfig.json' },
		enhancedResolveOptions: {
			exportsFields: ['exports'],
			conditionNames: ['import', 'node', 'default'],
			extensions: ['.ts', '.js', '.svelte']
		}
	}
};
