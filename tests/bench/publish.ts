// `publish`: from the end of the gate until every open screen shows the new release.
import { launchBrowser } from '#support/browser';
import { startLoam, type RunningLoam } from '#support/loam';
import { addPerson, visit } from '#support/people';
import { quantile, row, type Row } from './row.ts';

const screens = 4;
const rounds = 10;

interface PublishAnswer {
	readonly ok: boolean;
	readonly steps: readonly { readonly step: string; readonly ms: number }[];
}

/** Steps that belong to the publish itself; those before are the gate. */
const afterGate: ReadonlySet<string> = new Set(['release', 'migrate', 'build', 'live']);

export async function run(): Promise<Row[]> {
	const loam = await startLoam();
	const browser = await launchBrowser();
	try {
		const token = await loam.signIn(loam.admin.email, loam.admin.password);
		const { draft } = await loam.call<{ draft: string }>(
			'loam.v1.ModuleService/CreateDraft',
			{ project: 'home/main', module: 'clock', template: 'starter' },
			{ token }
		);
		await publish(loam, token, draft, 0);
		const who = await addPerson(loam, 'Reader', ['project-user', 'project-admin']);
		const visitors = await Promise.all(
			Array.from({ length: screens }, () => visit(browser, loam, who, '/home/main/clock'))
		);
		const [seconds, gates]: [number[], number[]] = [[], []];
		for (let round = 1; round <= rounds; round++) {
			const seen = Promise.all(
				visitors.map(({ page }) =>
					page
						.getByText(`round ${round}`)
						.first()
						.waitFor({ timeout: 15_000 })
						.then(() => performance.now())
				)
			);
			const begun = performance.now();
			const steps = await publish(loam, token, draft, round);
			const gate = steps.filter(({ step }) => !afterGate.has(step)).reduce((sum, { ms }) => sum + ms, 0);
			seconds.push((Math.max(...(await seen)) - begun - gate) / 1000);
			gates.push(gate / 1000);
		}
		return [
			row({
				name: 'publish',
				value: quantile(seconds, 0.5),
				unit: 's',
				against: `${screens} open screens`,
				reference: 1,
				goal: 'value <= 1'
			}),
			row({
				name: 'publish gate',
				value: quantile(gates, 0.5),
				unit: 's',
				against: 'the gate alone',
				reference: 5,
				goal: 'value <= 5'
			})
		];
	} finally {
		await browser.close();
		await loam.stop();
	}
}

/** Each round says its number at the top of the page. */
async function publish(
	loam: RunningLoam,
	token: string,
	draft: string,
	round: number
): Promise<PublishAnswer['steps']> {
	const { files, revision } = await loam.call<{ files: Record<string, string>; revision: string }>(
		'loam.v1.ModuleService/GetFiles',
		{ draft },
		{ token }
	);
	if (round > 0) {
		const page = JSON.parse(files['pages/index.page.json']!) as { card: { body: object[] } };
		const body = page.card.body.filter((element) => !('id' in element && element.id === 'round'));
		page.card.body = [{ type: 'TextBlock', id: 'round', text: `round ${round}` }, ...body];
		await loam.call(
			'loam.v1.ModuleService/PutFiles',
			{ draft, baseRevision: revision, files: { 'pages/index.page.json': JSON.stringify(page, null, 2) } },
			{ token }
		);
	}
	const answer = await loam.call<PublishAnswer>('loam.v1.ModuleService/Publish', { draft }, { token });
	if (!answer.ok) throw new Error(`the publish was refused: ${JSON.stringify(answer)}`);
	return answer.steps;
}
