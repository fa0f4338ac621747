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
		default:
			return unreachable(fix);
	}
}
