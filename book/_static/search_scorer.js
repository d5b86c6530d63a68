/* What a search puts first. A reader looks for pages: a name of the code counts for less than a word
 * of a text, and is found all the same. Sphinx copies this into language_data.js. */
var Scorer = {
  objNameMatch: 4,
  objPartialMatch: 1,
  objPrio: {},
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
