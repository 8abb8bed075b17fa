import AdminPage from "../../components/auth/admin/AdminPage";
import AuditPanel from "../../components/auth/admin/AuditPanel";

export default function AuditPage() {
  return <AdminPage title="Audit log">{() => <AuditPanel />}</AdminPage>;
}
