/** Forms built from the server's contract. */
export { default as ContractForm } from "./bindings/inspector/ContractForm.vue";
export { createContractComposer } from "./inspector/composer";
