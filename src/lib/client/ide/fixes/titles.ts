import { unreachable, type Fix } from '#kernel';

/** What the button says. */
export function titleOf(fix: Fix): string {
	switch (fix.kind) {
		case 'draft-migration':
			return 'Draft the migration';
		case 'share':
			return fix.list === 'views' ? 'Let project-users read it' : 'Let project-users call it';
		case 'create-file':
			return `Create ${fix.path}`;
		case 'draft-index':
			return 'Draft the index';
		default:
			return unreachable(fix);
	}
}
