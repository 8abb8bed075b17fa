import AdminPage from "../../components/auth/admin/AdminPage";
import UsersPanel from "../../components/auth/admin/UsersPanel";

export default function UsersPage() {
  return <AdminPage title="Users">{(self) => <UsersPanel self={self} />}</AdminPage>;
}
