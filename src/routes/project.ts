import { error, type RequestEvent } from '@sveltejs/kit';
import { signedIn } from './session.ts';

/**
 * Who looks, the project of the address, and the viewer's roles in it. Whoever has none gets the same screen
 * as where there is no such project.
 */
export async function enteredProject(
	event: Pick<RequestEvent, 'locals' | 'url'> & { params: { org: string; project: string } }
) {
	const principal = signedIn(event);
	const { tenancy, identity } = event.locals.loam;
	const project = await tenancy.project(event.params.org, event.params.project);
	const roles = project && identity.rolesIn(principal, project);
	if (project && roles && roles.size > 0) return { principal, project, roles };
	error(404, {
		message: 'There is no such project, or you have no role in it.',
		reason: 'PROJECT_UNKNOWN',
		hint: 'An admin of the project can add you.'
	});
}
