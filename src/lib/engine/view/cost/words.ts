import { costClasses } from './classes.ts';
import type { EstimatedStep, Scan } from './estimate.ts';
import { listOf } from './list.ts';
import type { CostClass, StageCost, Relation } from './types.ts';

/** The step of a change that touches most: what is said of the change as a whole. */
export function worstOf(steps: readonly EstimatedStep[]): EstimatedStep {
	const rank = (step: EstimatedStep) => costClasses.indexOf(step.class);
	return steps.reduce((worst, step) => (rank(step) > rank(worst) ? step : worst));
}

/** What a change of one row does, for people; without a full stop. */
export function changeText(steps: readonly EstimatedStep[], stages: readonly StageCost[]): string {
	const scans = steps.flatMap((step) => step.scans);
	const worst = worstOf(steps);
	const told = steps.filter((step) => step === worst || !isLight[step.class]);
	return [...new Set([...told.map(stepText), ...scanTexts(scans, stages)])].join('; ');
}

/** The same of one step. */
export function stepText({ class: kind, about }: Pick<EstimatedStep, 'class' | 'about'>): string {
	return texts[kind](about === undefined ? undefined : Math.max(1, about));
}

/** What steps read as a whole, each once. */
export function scanTexts(scans: readonly Scan[], stages: readonly StageCost[]): string[] {
	const found = scans.map(({ relation, columns, about }) => {
		const rows = about === undefined ? '' : ` (${countText(about, 'row')})`;
		const why = columns.length > 0 ? `: there is no index on ${listOf(columns)}` : '';
		return `reads all of ${nameOf(relation, stages)}${rows}${why}`;
	});
	return [...new Set(found)];
}

export function nameOf(relation: Relation, stages: readonly StageCost[]): string {
	if (relation.kind === 'table') return relation.name;
	return stages.find(({ hash }) => hash === relation.hash)?.title ?? '';
}

/** Of what costs next to nothing only the end is told. */
const isLight: Readonly<Record<CostClass, boolean>> = {
	row: true,
	first: true,
	group: true,
	matches: false,
	extreme: false,
	regroup: false,
	partition: false,
	all: false
};

type Text = (about: number | undefined) => string;

const texts: Readonly<Record<CostClass, Text>> = {
	row: (about = 1) => (isOne(about) ? 'touches one row' : `touches ${countText(about, 'row')}`),
	first: (about) => `looks at the first ${rows(about)}`,
	group: (about = 1) => (isOne(about) ? 'changes one group' : `changes ${countText(about, 'group')}`),
	matches: (about) => {
		if (about === undefined) return 'touches the rows that join it';
		return isOne(about) ? 'touches one row that joins it' : `touches ${countText(about, 'row')} that join it`;
	},
	extreme: (about) => {
		const rows = about === undefined ? 'its rows' : `its ${countText(about, 'row')}`;
		return `changes one group; reads ${rows} again where its least or greatest value goes`;
	},
	regroup: (about) => `recomputes a group${about === undefined ? '' : ` of ${countText(about, 'row')}`}`,
	partition: (about) =>
		`recomputes a partition${about === undefined ? '' : ` of ${countText(about, 'row')}`}`,
	all: (about) => `recomputes all${of(about)}`
};

function isOne(about: number): boolean {
	return about < 1.5;
}

function of(about: number | undefined): string {
	return about === undefined ? '' : `, ${countText(about, 'row')}`;
}

function rows(about: number | undefined): string {
	return about === undefined ? 'rows' : isOne(about) ? 'row' : `${round(about).toLocaleString('en')} rows`;
}

/** `about 1,200 rows`: a planner knows no more than two digits. */
export function countText(about: number, noun: string): string {
	const number = round(about);
	return `about ${number.toLocaleString('en')} ${number === 1 ? noun : `${noun}s`}`;
}

function round(about: number): number {
	return about < 100 ? Math.round(about) : Number(about.toPrecision(2));
}
