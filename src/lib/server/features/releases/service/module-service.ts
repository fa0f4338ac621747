import { isUuid } from '#kernel';
import { parseManifest, type ModuleFiles } from '#engine/module';
import type { DescribeViewsRequest, ModuleService } from '#gen/loam/v1/modules_pb';
import type { Principal } from '#core/identity';
import type { Project } from '#core/tenancy';
import type { DraftFiles, ModuleListing, Registry } from '#features/registry';
import { errors } from '../errors.ts';
import type { Releases } from '../releases.ts';
import { administered, administeredById, type Doorkeeper, type ServiceOf } from './context.ts';
import { diagnosticMessage, releaseMessage, reportMessages } from './messages.ts';
import { viewMessage } from './view-messages.ts';

/** loam.v1.ModuleService: drafts, the gate, releases; for project-admins. */
export function moduleService(
	door: Doorkeeper,
	registry: Registry,
	releases: Releases
): ServiceOf<typeof ModuleService> {
	const { tenancy } = door;

	/** A draft, for those who administer its project. */
	async function openDraft(id: string, principal: Principal): Promise<DraftFiles & { project: Project }> {
		const draft = await registry.readDraft(id);
		return { ...draft, project: await administeredById(door, principal, draft.projectId) };
	}

	async function liveHash(project: Project, module: string): Promise<string | undefined> {
		return (await tenancy.installation(project.id, module))?.release.hash;
	}

	async function summary(project: Project, module: ModuleListing) {
		const [last] = await releases.releases(module.id);
		const live = await liveHash(project, module.name);
		return {
			name: module.name,
			title: await titleOf(module),
			shipped: module.projectId === undefined,
			draft: module.draftId ?? '',
			...(last ? { lastRelease: releaseMessage(last, live) } : {}),
			installed: live?.slice(0, 12) ?? ''
		};
	}

	async function titleOf(module: ModuleListing): Promise<string> {
		const files: ModuleFiles | undefined =
			module.draftId === undefined
				? registry.shipped().get(module.name)
				: (await registry.readDraft(module.draftId)).files;
		return parseManifest(files?.get('module.json') ?? '{}').value?.title ?? module.name;
	}

	/** The views of a draft, or of what a project has installed. */
	async function describe({ of, onlyLive }: DescribeViewsRequest, principal: Principal) {
		switch (of.case) {
			case 'draft': {
				const { project, module, revision, files } = await openDraft(of.value, principal);
				const found = onlyLive
					? releases.liveViews(project, module.name)
					: releases.describe({ project, module, files });
				return { ...(await found), revision };
			}
			case 'installed': {
				const { project: path, module } = of.value;
				const project = await administered(door, principal, path);
				const found = onlyLive
					? releases.liveViews(project, module)
					: releases.describeInstalled(project, module);
				return { ...(await found), revision: 0n };
			}
			case undefined:
				throw errors.VIEWS_OF_WHAT('Say whose views: give `draft`, or `installed` with project and module.');
		}
	}

	return {
		async listModules({ project: path }, principal) {
			const project = await administered(door, principal, path);
			const modules = await registry.modules(project.id);
			return { modules: await Promise.all(modules.map((module) => summary(project, module))) };
		},
		async createDraft({ project: path, module, template, title }, principal) {
			const project = await administered(door, principal, path);
			const { draft, created } = await registry.openDraft({
				projectId: project.id,
				module,
				template,
				title,
				createdBy: principal.id
			});
			return { draft: draft.id, revision: draft.revision, created };
		},
		async putFiles({ draft: id, baseRevision, files, delete: removed }, principal) {
			const draft = await registry.draft(id);
			await administeredById(door, principal, draft.projectId);
			const changes = { files: new Map(Object.entries(files)), delete: removed };
			return { revision: await registry.changeFiles(id, baseRevision, changes) };
		},
		async getFiles({ draft: id }, principal) {
			const { project, module, revision, files } = await openDraft(id, principal);
			releases.warm();
			return {
				draft: id,
				project: project.path,
				module: module.name,
				revision,
				files: Object.fromEntries(files)
			};
		},
		async check({ draft: id }, principal) {
			const { project, module, revision, files } = await openDraft(id, principal);
			return { ...reportMessages(await releases.check({ project, module, files })), revision };
		},
		async publish({ draft: id, baseRevision }, principal) {
			const { project, module, revision, files } = await openDraft(id, principal);
			if (baseRevision !== 0n && baseRevision !== revision) {
				throw errors.PUBLISH_STALE(
					'The draft has been changed meanwhile. Look at the newer files, then publish.',
					{
						draft: id,
						revision: revision.toString()
					}
				);
			}
			const createdBy = principal.id;
			const result = await releases.publish({ project, module, files, createdBy, raiseVersion: true });
			const live = result.ok ? result.release?.hash : undefined;
			return {
				...reportMessages(result),
				...(result.ok && result.release ? { release: releaseMessage(result.release, live) } : {})
			};
		},
		async listReleases({ project: path, module: name }, principal) {
			const project = await administered(door, principal, path);
			const module = await registry.findModule(project.id, name);
			if (!module)
				throw errors.MODULE_UNKNOWN(`There is no module "${name}" in this project.`, { module: name });
			const live = await liveHash(project, name);
			return {
				releases: (await releases.releases(module.id)).map((release) => releaseMessage(release, live))
			};
		},
		async preview({ draft: id, page, params }, principal) {
			const { project, module, files } = await openDraft(id, principal);
			const { bindings, diagnostics, release } = await releases.preview({
				project,
				module,
				files,
				page,
				params,
				principal: principal.id !== undefined && isUuid(principal.id) ? principal.id : undefined
			});
			const shown = Object.entries(bindings).map(([name, { columns, rows }]) => [
				name,
				{
					columns: columns.map(({ name: column, type, dims }) => ({ name: column, type, dims })),
					rows: [...rows]
				}
			]);
			return {
				bindings: Object.fromEntries(shown) as Record<string, never>,
				diagnostics: diagnostics.map(diagnosticMessage),
				release: release ?? ''
			};
		},
		async getSdk({ draft: id }, principal) {
			const { module, files } = await openDraft(id, principal);
			const { types, standardProto, diagnostics } = await releases.sdk(files, module.name);
			return { types, standardProto, diagnostics: diagnostics.map(diagnosticMessage) };
		},
		async describeViews(request, principal) {
			const { views, diagnostics, release, revision } = await describe(request, principal);
			const only = request.view;
			const shown = only === '' ? views : views.filter(({ name }) => name === only);
			if (shown.length === 0 && only !== '' && diagnostics.length === 0)
				throw errors.VIEW_UNKNOWN(`There is no view "${only}" in this module.`, { view: only });
			return {
				views: shown.map(viewMessage),
				diagnostics: diagnostics.map(diagnosticMessage),
				release: release ?? '',
				revision
			};
		},
		async draftMigration({ draft: id }, principal) {
			const { project, module, files } = await openDraft(id, principal);
			const { path, sql, diagnostics } = await releases.draftMigration({ project, module, files });
			return { path, sql, diagnostics: diagnostics.map(diagnosticMessage) };
		}
	};
}
