import { error, type RequestEvent } from '@sveltejs/kit';
import { signedIn } from './session.ts';

type ProjectEvent = Pick<RequestEvent, 'locals' | 'url'> & { params: { org: string; project: string } };

/**
 * Who looks, the project of the address, and the viewer's roles in it. Whoever has none gets the same screen
 * as where there is no such project.
 */
export async function enteredProject(event: ProjectEvent) {
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

/** The same for its admins alone; anybody else of the project gets the 403 screen, with these words. */
export async function administeredProject(event: ProjectEvent, refusal: string) {
	const entered = await enteredProject(event);
	if (!entered.roles.has('project-admin')) error(403, { message: refusal, reason: 'PROJECT_DENIED' });
	return entered;
}

/** Address of the first project in which the person has a role; of this organization, where one is told. */
export async function firstProject(
	event: Pick<RequestEvent, 'locals' | 'url'>,
	org?: string
): Promise<string | undefined> {
	const principal = signedIn(event);
	const { tenancy, identity } = event.locals.loam;
	const projects = await tenancy.projects();
	const first = projects.find(
		(project) =>
			(org === undefined || project.orgSlug === org) && identity.rolesIn(principal, project).size > 0
	);
	return first && `/${first.path}`;
}
