// A module loader hook, see ts_mls_fixes.mjs.
const FIXES = [
  {
    // Joining demands the same unmerged leaves in every node above an unmerged leaf, up to the root. By section
    // 12.4.3.1 of RFC 9420 the nodes between the leaf and the parent that lists it must list it too, no more.
    file: "/ts-mls/dist/src/clientState.js",
    wrong: "if (!arraysEqual(dpNode.parent.unmergedLeaves, n.parent.unmergedLeaves))",
    right: "if (parentIdx === i) break; if (!dpNode.parent.unmergedLeaves.includes(unmergedLeaf))",
  },
  {
    // Where nobody is left in the other half of the tree, the root is not on the filtered direct path and stays
    // blank. The commit secret follows on the last path secret there is (section 12.4.1); ts-mls derives one more
    // for the blank root.
    file: "/ts-mls/dist/src/pathSecrets.js",
    wrong: "const nextIndex = findFirstNonBlankAncestor(tree, currentIndex);",
    right: `const nextIndex = findFirstNonBlankAncestor(tree, currentIndex);
      if (tree[nextIndex] === undefined) {
        pathSecrets[nextIndex] = pathSecrets[currentIndex];
        break;
      }`,
  },
];

export async function load(url, context, nextLoad) {
  const loaded = await nextLoad(url, context);
  for (const { wrong, right } of FIXES.filter(({ file }) => url.endsWith(file))) {
    const source = loaded.source.toString();
    if (!source.includes(wrong)) throw new Error(`nothing to mend in ${url}: drop the fix`);
    loaded.source = source.replace(wrong, right);
  }
  return loaded;
}
