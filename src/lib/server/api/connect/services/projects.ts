import type { ServiceImpl } from '@connectrpc/connect';
import type { Identity, Roles } from '#core/identity';
import type { Project, Tenancy } from '#core/tenancy';
import type { ProjectService } from '#gen/loam/v1/projects_pb';
import { signedIn } from '../caller.ts';
import { errors } from '../errors.ts';

export function projectService({
	identity,
	tenancy
}: {
	identity: Identity;
	tenancy: Tenancy;
}): ServiceImpl<typeof ProjectService> {
	async function shown(project: Project, roles: Roles) {
		const installations = await tenancy.installations(project.id);
		return {
			path: project.path,
			name: project.name,
			roles: [...roles].sort(),
			modules: installations.map(({ module, release }) => ({
				name: module,
				title: release.artifact.manifest.title,
				icon: release.artifact.manifest.icon ?? '',
				release: release.shortHash
			}))
		};
	}

	return {
		async listProjects(_request, context) {
			const principal = signedIn(context);
			const mine = (await tenancy.projects())
				.map((project) => ({ project, roles: identity.rolesIn(principal, project) }))
				.filter(({ roles }) => roles.size > 0);
			return { projects: await Promise.all(mine.map(({ project, roles }) => shown(project, roles))) };
		},
		async createProject({ organization, slug, name }, context) {
			const principal = signedIn(context);
			const sibling = (await tenancy.projects()).find((project) => project.orgSlug === organization);
			const mayCreate =
				principal.sysAdmin ||
				(sibling !== undefined && identity.rolesIn(principal, sibling).has('org-admin'));
			if (!mayCreate) {
				throw errors.PROJECT_DENIED('Only an admin of the organization can make a project.', {
					organization
				});
			}
			const project = await tenancy.createProject(organization, slug, name.trim() || slug);
			return { project: await shown(project, identity.rolesIn(principal, project)) };
		}
	};
}
