import type { ViewSpec } from '#engine/view';
import type { Installation } from '#core/tenancy';
import type { Lag, ViewStatus, ViewsStatus } from '#core/views';
import { viewFile } from '../gate/views.ts';
import type { LiveDescription, ViewDescription } from './types.ts';

/** How the views of an installation do, by their names; `hash` is that of the view in question. */
export async function liveViews(
	views: ViewsStatus,
	installation: Installation
): Promise<(name: string, hash: string) => LiveDescription | undefined> {
	const [all, lag] = await Promise.all([views.status(installation), views.lag()]);
	const byHash = new Map(all.map((status) => [status.hash, status]));
	const specs = new Map(installation.release.artifact.views.map((spec) => [spec.name, spec]));
	return (name, hash) => {
		const spec = specs.get(name);
		return spec && liveView(spec, byHash, lag, spec.hash === hash);
	};
}

/** How all views of an installation do, and nothing of their plans. */
export async function onlyLive(views: ViewsStatus, installation: Installation): Promise<ViewDescription[]> {
	const live = await liveViews(views, installation);
	return installation.release.artifact.views.map(({ name, kind, implicit }) => ({
		name,
		kind,
		file: implicit ? '' : viewFile(name),
		stages: [],
		changes: [],
		missing: [],
		diagnostics: [],
		live: live(name, '')
	}));
}

/** A view with its parts: those that are views themselves count as their own. */
function liveView(
	spec: ViewSpec,
	all: ReadonlyMap<string, ViewStatus>,
	lag: Lag | undefined,
	isSame: boolean
): LiveDescription | undefined {
	const own = all.get(spec.hash);
	if (!own) return undefined;
	const parts = (spec.stages ?? []).flatMap(({ hash, hidden }) => (hidden ? (all.get(hash) ?? []) : []));
	const worst = [own, ...parts].find(({ state }) => state === 'failed') ?? own;
	const building = [...parts, own].find(({ build }) => build);
	return {
		isSame,
		lag,
		state: worst.state,
		error: own.error ?? worst.error,
		bytes: [own, ...parts].reduce((sum, { bytes }) => sum + bytes, 0),
		rows: own.rows,
		build: building?.build,
		activity: own.activity
	};
}
