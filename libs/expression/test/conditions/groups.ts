/** What holds → expressions with what becomes of them, as `outcome` writes it. */
export type Groups = Readonly<Record<string, readonly (readonly [source: string, outcome: string])[]>>;
