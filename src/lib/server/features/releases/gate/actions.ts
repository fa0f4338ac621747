import { findNodeAtLocation, parseTree, type Node } from 'jsonc-parser';

/** A text of a card, and where it stands. */
export interface CardText {
	readonly text: string;
	readonly node: Node;
}

export interface CardInput {
	readonly id: CardText;
	/** `Input.Text` */
	readonly type: string;
	readonly scope: CardScope;
	/** Drawn only where some `$when` around it holds. */
	readonly isConditional: boolean;
}

/** An action that calls a command. */
export interface CardAction {
	readonly node: Node;
	/** Absent where it names none; one made of data is only known when it is pressed. */
	readonly verb: Node | undefined;
	/** Keys of its own `data`, beside the verb of a Submit. */
	readonly data: readonly CardText[];
	readonly sendsInputs: boolean;
	readonly scope: CardScope;
	readonly isConditional: boolean;
}

/** A part of the card with data of its own (`$data`), or a card that an action shows. */
export interface CardScope {
	readonly outer: CardScope | undefined;
	readonly isShownCard: boolean;
}

export interface CardParts {
	readonly inputs: readonly CardInput[];
	readonly actions: readonly CardAction[];
}

/** The inputs and commands of a page's card, each in its scope. */
export function readParts(source: string): CardParts {
	const root = parseTree(source);
	const card = root && findNodeAtLocation(root, ['card']);
	const parts = { inputs: [] as CardInput[], actions: [] as CardAction[] };
	if (card) visit(card, { scope: { outer: undefined, isShownCard: false }, isConditional: false }, parts);
	return parts;
}

/**
 * The inputs that an action of this scope sends: of its own scope and those around it, and what is inside it
 * but in no card that another action shows. The same rule by which the page collects them.
 */
export function inputsAround(scope: CardScope, inputs: readonly CardInput[]): CardInput[] {
	const around = new Set(chain(scope));
	return inputs.filter((input) => {
		if (around.has(input.scope)) return true;
		const path = chain(input.scope);
		const at = path.indexOf(scope);
		return at >= 0 && path.slice(0, at).every((one) => !one.isShownCard);
	});
}

function chain(scope: CardScope): CardScope[] {
	return scope.outer ? [scope, ...chain(scope.outer)] : [scope];
}

interface Place {
	readonly scope: CardScope;
	readonly isConditional: boolean;
}

function visit(node: Node, place: Place, parts: Parameters<typeof take>[2]): void {
	if (node.type === 'array') {
		for (const item of node.children ?? []) visit(item, place, parts);
		return;
	}
	if (node.type !== 'object') return;
	const inner = placeIn(node, place);
	take(node, inner, parts);
	const isShowCard = textAt(node, 'type')?.text === 'Action.ShowCard';
	for (const property of node.children ?? []) {
		const [key, value] = property.children ?? [];
		// What stands in for an element that is known is never drawn.
		if (!key || !value || key.value === 'fallback' || key.value === 'data') continue;
		const isShown = isShowCard && key.value === 'card';
		visit(value, isShown ? { ...inner, scope: { outer: inner.scope, isShownCard: true } } : inner, parts);
	}
}

function placeIn(node: Node, { scope, isConditional }: Place): Place {
	return {
		scope: findNodeAtLocation(node, ['$data']) ? { outer: scope, isShownCard: false } : scope,
		isConditional: isConditional || findNodeAtLocation(node, ['$when']) !== undefined
	};
}

function take(node: Node, place: Place, parts: { inputs: CardInput[]; actions: CardAction[] }): void {
	const type = textAt(node, 'type')?.text ?? '';
	const id = textAt(node, 'id');
	if (type.startsWith('Input.') && type !== 'Input.Choice' && id && id.text !== '' && isConstant(id.text))
		parts.inputs.push({ id, type, ...place });
	if (type === 'Action.Execute' || type === 'Action.Submit') parts.actions.push(actionOf(node, type, place));
}

function actionOf(node: Node, type: string, place: Place): CardAction {
	const isSubmit = type === 'Action.Submit';
	const data = findNodeAtLocation(node, ['data']);
	const keys = data?.type === 'object' ? (data.children ?? []).flatMap((one) => one.children?.[0] ?? []) : [];
	return {
		node,
		verb: findNodeAtLocation(node, isSubmit ? ['data', 'verb'] : ['verb']),
		data: keys
			.map((key) => ({ text: String(key.value), node: key }))
			.filter(({ text }) => !text.startsWith('$') && !(isSubmit && text === 'verb')),
		sendsInputs: textAt(node, 'associatedInputs')?.text !== 'none',
		...place
	};
}

function textAt(node: Node, name: string): CardText | undefined {
	const found = findNodeAtLocation(node, [name]);
	return found?.type === 'string' ? { text: String(found.value), node: found } : undefined;
}

export function isConstant(text: string): boolean {
	return !text.includes('${');
}
