import { error, type RequestEvent } from '@sveltejs/kit';
import { signedIn } from '../../../session.ts';

/** What a screen of the builder needs to know; anybody but a project-admin gets the 403 page. */
export async function builderOf(event: RequestEvent & { params: { org: string; project: string } }) {
	const principal = signedIn(event);
	const { tenancy, identity } = event.locals.loam;
	const project = await tenancy.project(event.params.org, event.params.project);
	const held = project && identity.rolesIn(principal, project);
	if (!project || !held || held.size === 0) {
		error(404, {
			message: 'There is no such project, or you have no role in it.',
			reason: 'PROJECT_UNKNOWN'
		});
	}
	if (!held.has('project-admin')) {
		error(403, { message: 'Only an admin of the project builds its modules.', reason: 'PROJECT_DENIED' });
	}
	const installations = await tenancy.installations(project.id);
	return {
		principal: { id: principal.id ?? '', name: principal.name },
		project: {
			path: project.path,
			name: project.name,
			admin: true,
			modules: installations.map(({ module, release }) => ({
				name: module,
				title: release.artifact.manifest.title,
				icon: release.artifact.manifest.icon,
				href: `/${project.path}/${module}`
			}))
		}
	};
}
